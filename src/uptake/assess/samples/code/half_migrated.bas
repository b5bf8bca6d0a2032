Option Explicit

' PtrSafe was added in 2016, the types were left as they were.
Private Declare PtrSafe Function FindWindow Lib "user32" Alias "FindWindowA" (ByVal lpClassName As String, ByVal lpWindowName As String) As Long
Private Declare PtrSafe Function GetDC Lib "user32" (ByVal hwnd As Long) As Long
Private Declare PtrSafe Function ReleaseDC Lib "user32" (ByVal hwnd As Long, ByVal hdc As Long) As Long
Private Declare PtrSafe Function GetDeviceCaps Lib "gdi32" (ByVal hdc As Long, ByVal nIndex As Long) As Long

Private Const LOGPIXELSX As Long = 88

Public Function PointsPerPixel() As Double
    Dim hdc As Long
    hdc = GetDC(0)
    PointsPerPixel = 72 / GetDeviceCaps(hdc, LOGPIXELSX)
    ReleaseDC 0, hdc
End Function

Public Function ExcelWindow() As Long
    ExcelWindow = FindWindow("XLMAIN", Application.Caption)
End Function
