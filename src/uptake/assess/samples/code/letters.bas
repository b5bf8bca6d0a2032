Option Explicit

Public Sub FillLetter()
    Dim mark As Variant
    For Each mark In Array("Name", "Street", "City")
        If ActiveDocument.Bookmarks.Exists(mark) Then
            ActiveDocument.Bookmarks(mark).Range.Text = InputBox(mark)
        End If
    Next mark
End Sub
