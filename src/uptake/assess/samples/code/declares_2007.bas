Option Explicit

' Written for Excel 2007. Brings the approval window to the front and waits for it.
Private Declare Function FindWindow Lib "user32" Alias "FindWindowA" (ByVal lpClassName As String, ByVal lpWindowName As String) As Long
Private Declare Function SetForegroundWindow Lib "user32" (ByVal hwnd As Long) As Long
Private Declare Sub Sleep Lib "kernel32" (ByVal dwMilliseconds As Long)
Private Declare Function ShellExecute Lib "shell32.dll" Alias "ShellExecuteA" (ByVal hwnd As Long, ByVal lpOperation As String, _
    ByVal lpFile As String, ByVal lpParameters As String, ByVal lpDirectory As String, ByVal nShowCmd As Long) As Long

Public Sub ShowApproval()
    Dim hWndApproval As Long
    hWndApproval = FindWindow(vbNullString, "Approval")
    If hWndApproval = 0 Then
        ShellExecute 0, "open", ThisWorkbook.Path & "\approval.exe", "", "", 1
        Sleep 1500
        hWndApproval = FindWindow(vbNullString, "Approval")
    End If
    SetForegroundWindow hWndApproval
End Sub
