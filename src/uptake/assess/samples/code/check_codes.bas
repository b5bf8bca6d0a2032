Option Explicit

Public Function IsCostCentre(ByVal text As String) As Boolean
    Dim pattern As Object
    Set pattern = CreateObject("VBScript.RegExp")
    pattern.Pattern = "^[A-Z]{2}\d{4}$"
    pattern.IgnoreCase = True
    IsCostCentre = pattern.Test(Trim$(text))
End Function

Public Sub MarkWrongCodes()
    Dim cell As Range
    For Each cell In Worksheets("Booking").Range("C2:C500")
        If Len(cell.Value) > 0 And Not IsCostCentre(cell.Value) Then cell.Interior.Color = vbYellow
    Next cell
End Sub
