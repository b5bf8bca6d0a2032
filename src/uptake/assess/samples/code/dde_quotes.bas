Option Explicit

Public Sub ReadQuote()
    Dim channel As Long, answer As Variant
    channel = DDEInitiate("RSLINX", "QUOTES")
    answer = DDERequest(channel, "EURJPY")
    Range("B2").Value = answer(1)
    DDETerminate channel
End Sub
