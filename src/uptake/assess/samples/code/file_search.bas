Option Explicit

Public Sub ListInvoices()
    Dim index As Long
    With Application.FileSearch
        .NewSearch
        .LookIn = "G:\Invoices"
        .Filename = "*.xls"
        If .Execute() > 0 Then
            For index = 1 To .FoundFiles.Count
                Cells(index + 1, 1).Value = .FoundFiles(index)
            Next index
        End If
    End With
End Sub
