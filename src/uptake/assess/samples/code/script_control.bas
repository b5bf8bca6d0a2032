Option Explicit

Public Function Evaluate2(ByVal formula As String) As Variant
    Dim engine As Object
    Set engine = CreateObject("MSScriptControl.ScriptControl")
    engine.Language = "VBScript"
    Evaluate2 = engine.Eval(formula)
End Function
