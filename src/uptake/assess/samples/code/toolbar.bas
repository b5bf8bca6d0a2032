Option Explicit

Public Sub AddToolbar()
    Dim bar As CommandBar, button As CommandBarButton
    On Error Resume Next
    Application.CommandBars("Closing").Delete
    On Error GoTo 0
    Set bar = Application.CommandBars.Add(Name:="Closing", Position:=msoBarTop, Temporary:=True)
    Set button = bar.Controls.Add(Type:=msoControlButton)
    button.Caption = "Close the month"
    button.OnAction = "CloseMonth"
    bar.Visible = True
End Sub

Public Sub CloseMonth()
    Worksheets("Ledger").Range("A1").CurrentRegion.Copy Worksheets("Archive").Range("A1")
    SendKeys "{ESC}"
End Sub
