Option Explicit

Public Sub AgendaSlide()
    Dim slide As Object, index As Long, lines As String
    For index = 2 To ActivePresentation.Slides.Count
        Set slide = ActivePresentation.Slides(index)
        If slide.Shapes.HasTitle Then lines = lines & slide.Shapes.Title.TextFrame.TextRange.Text & vbCr
    Next index
    ActivePresentation.Slides(1).Shapes(2).TextFrame.TextRange.Text = lines
End Sub
