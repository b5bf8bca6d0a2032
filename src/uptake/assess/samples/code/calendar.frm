Option Explicit

Private Sub Calendar1_Click()
    ActiveCell.Value = Calendar1.Value
    Unload Me
End Sub

Private Sub UserForm_Initialize()
    Calendar1.Value = Date
End Sub
