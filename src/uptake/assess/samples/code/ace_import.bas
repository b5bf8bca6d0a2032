Option Explicit

Public Sub ImportPrices()
    Dim connection As Object
    Set connection = CreateObject("ADODB.Connection")
    connection.Open "Provider=Microsoft.ACE.OLEDB.12.0;Data Source=" & ThisWorkbook.Path & "\prices.accdb"
    Worksheets("Prices").Range("A2").CopyFromRecordset connection.Execute("SELECT * FROM Prices")
    connection.Close
End Sub
