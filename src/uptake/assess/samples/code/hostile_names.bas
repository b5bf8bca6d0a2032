Option Explicit

' Every line here must come out of a report as plain text.
Private Const MARKUP As String = "<script>alert('uptake')</script><img src=x onerror=alert(1)>"
Private Const FORMULA As String = "=HYPERLINK(""http://example.invalid/"",""click"")"
Private Declare Function Shell_NotifyIcon Lib "shell32" Alias "Shell_NotifyIconA" (ByVal dwMessage As Long, lpData As Any) As Long ' </td></tr></table><svg onload=alert(2)>

Public Sub Notify()
    Shell_NotifyIcon 0, ByVal 0&
End Sub
