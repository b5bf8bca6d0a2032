Option Explicit

Public Sub BuildMonthlyReport()
    Dim source As Worksheet, target As Worksheet, last As Long, row As Long
    Set source = Worksheets("Bookings")
    Set target = Worksheets("Report")
    target.Cells.ClearContents
    last = source.Cells(source.Rows.Count, 1).End(xlUp).Row
    For row = 2 To last
        If Month(source.Cells(row, 1).Value) = Month(Date) Then AddLine target, source.Cells(row, 2).Value, source.Cells(row, 3).Value
    Next row
End Sub

Private Sub AddLine(ByVal target As Worksheet, ByVal account As String, ByVal amount As Currency)
    Dim place As Range
    Set place = target.Columns(1).Find(What:=account, LookAt:=xlWhole)
    If place Is Nothing Then
        Set place = target.Cells(target.Rows.Count, 1).End(xlUp).Offset(1)
        place.Value = account
    End If
    place.Offset(0, 1).Value = place.Offset(0, 1).Value + amount
End Sub
