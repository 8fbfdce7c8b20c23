using System.IO.Compression;
using Homeostat.Node.Replay;

namespace Homeostat.Node.Tests.Replay;

/// <summary>Recorded traffic as files have it: out of order, zipped, damaged.</summary>
public sealed class TraceTests : IDisposable
{
    private const string Header =
        "hash,nonce,block_number,transaction_index,from_address,to_address,value,gas,gas_price,"
        + "input,block_timestamp\n";

    private const string A = "0x00000000000000000000000000000000000000aa";
    private const string B = "0x00000000000000000000000000000000000000bb";
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Transactions_come_in_recorded_order_and_spread_over_their_blocks_time()
    {
        File.WriteAllText(
            _path,
            Header
            + $"0x,0,11,1,{A},{B},5,21000,7,0x,1010\n"
            + $"0x,0,10,0,{A},{B},1,21000,7,0x,1000\n"
            + $"0x,0,11,0,{B},,2,90000,\"9\",0x60,1010\n");
        List<RecordedTransaction> trace = Trace.Read(_path, int.MaxValue);
        Assert.Equal([1, 2, 5], trace.Select(t => (int)t.Value.U0));
        Assert.Equal([0.0, 5.0, 10.0], trace.Select(t => t.TimeSeconds));
        Assert.Equal([false, true, false], trace.Select(t => t.IsCall));
        Assert.Equal(2, Trace.Read(_path, 2).Count);
    }

    [Fact]
    public void A_gzip_file_is_read_as_it_is()
    {
        string zipped = _path + ".gz";
        using (var stream = new GZipStream(File.Create(zipped), CompressionLevel.Fastest))
        using (var writer = new StreamWriter(stream))
        {
            writer.Write(Header + $"0x,0,1,0,{A},{B},1,21000,7,0x,1000\n");
        }
        Assert.Single(Trace.Read(zipped, int.MaxValue));
        File.Delete(zipped);
    }

    [Theory]
    [InlineData("", "block_number")]
    [InlineData("block_number,gas\n1,2\n", "transaction_index")]
    [InlineData(Header, "no transaction")]
    [InlineData(Header + "0x,0,1,0\n", "too few fields")]
    [InlineData(Header + "0x,0,1,0,0xzz," + B + ",1,21000,7,0x,1000\n", ":2:")]
    [InlineData(Header + "0x,0,1,0," + A + "," + B + ",-1,21000,7,0x,1000\n", ":2:")]
    [InlineData(Header + "0x,0,1,0," + A + "," + B + ",1,1e3,7,0x,1000\n", ":2:")]
    public void A_bad_file_is_refused_with_its_place(string text, string reason)
    {
        File.WriteAllText(_path, text);
        var error = Assert.Throws<InvalidDataException>(() => Trace.Read(_path, int.MaxValue));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }
}
