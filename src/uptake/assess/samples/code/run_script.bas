Option Explicit

Public Sub StartNightlyExport()
    Dim command As String
    command = "wscript.exe //B """ & ThisWorkbook.Path & "\export_nightly.vbs"""
    Shell command, vbHide
End Sub

Public Sub StartSync()
    Dim host As Object
    Set host = CreateObject("WScript.Shell")
    host.Run "cscript //nologo C:\Scripts\sync.vbs", 0, True
End Sub
