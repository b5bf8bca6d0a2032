Option Explicit

Private Declare PtrSafe Function SetWindowLong Lib "user32" Alias "SetWindowLongA" (ByVal hwnd As Long, ByVal nIndex As Long, ByVal dwNewLong As Long) As Long
Private Declare PtrSafe Function CallWindowProc Lib "user32" Alias "CallWindowProcA" (ByVal lpPrevWndFunc As Long, ByVal hwnd As Long, ByVal msg As Long, ByVal wParam As Long, ByVal lParam As Long) As Long

Private Const GWL_WNDPROC As Long = -4
Private Const WM_MOUSEWHEEL As Long = &H20A
Private previous As Long

Public Sub HookWheel(ByVal hwnd As Long)
    previous = SetWindowLong(hwnd, GWL_WNDPROC, AddressOf WheelProc)
End Sub

Public Sub Unhook(ByVal hwnd As Long)
    SetWindowLong hwnd, GWL_WNDPROC, previous
End Sub

Public Function WheelProc(ByVal hwnd As Long, ByVal msg As Long, ByVal wParam As Long, ByVal lParam As Long) As Long
    If msg = WM_MOUSEWHEEL Then ActiveWindow.SmallScroll Down:=3
    WheelProc = CallWindowProc(previous, hwnd, msg, wParam, lParam)
End Function
