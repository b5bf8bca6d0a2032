Option Explicit

Public Sub ImportOrders()
    Dim connection As Object, rows As Object
    Set connection = CreateObject("ADODB.Connection")
    connection.Open "Provider=Microsoft.Jet.OLEDB.4.0;Data Source=\\fileserver\sales\orders.mdb;Jet OLEDB:Database Password="
    Set rows = connection.Execute("SELECT OrderNo, Customer, Amount FROM Orders WHERE Shipped = 0")
    Worksheets("Orders").Range("A2").CopyFromRecordset rows
    rows.Close
    connection.Close
End Sub

Public Sub CountCustomers()
    Dim engine As Object, base As Object
    Set engine = CreateObject("DAO.DBEngine.36")
    Set base = engine.OpenDatabase("C:\Data\customers.mdb")
    Range("B1").Value = base.TableDefs("Customers").RecordCount
    base.Close
End Sub
