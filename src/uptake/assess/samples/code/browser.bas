Option Explicit

Public Function ReadRate(ByVal address As String) As String
    Dim browser As Object
    Set browser = CreateObject("InternetExplorer.Application")
    browser.Visible = False
    browser.navigate address
    Do While browser.Busy Or browser.readyState <> 4
        DoEvents
    Loop
    ReadRate = browser.document.getElementById("rate").innerText
    browser.Quit
End Function
