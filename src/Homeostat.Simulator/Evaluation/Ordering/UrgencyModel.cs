using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Simulator;

/// <summary>
/// Urgency learned from revealed preference: what calls of the same kind paid for speed when the
/// record's blocks were scarce. Linear, in exact integers, trained on the first part of the record;
/// its levels are the quartiles of its scores there.
/// </summary>
internal sealed class UrgencyModel
{
    private const int Features = 6;
    private readonly Dictionary<Address, double> _paidByTarget = [];
    private readonly Dictionary<Address, int> _sentBySender = [];
    private readonly Fixed[] _weights;
    private readonly long[] _edges;

    private UrgencyModel(Market market, double share)
    {
        MarketUser[] training = [.. market.Users.Take((int)(market.Users.Count * share))];
        foreach (IGrouping<Address, MarketUser> group in
            training.GroupBy(user => user.Record.To).Where(group => group.Count() >= 3))
        {
            _paidByTarget[group.Key] = group.Average(user => Paid(market, user));
        }
        foreach (IGrouping<Address, MarketUser> group in
            training.GroupBy(user => user.Record.Sender))
        {
            _sentBySender[group.Key] = group.Count();
        }
        var solver = new IntegerLeastSquares(Features);
        foreach (MarketUser user in training)
        {
            solver.Add(Row(user.Record), Of(Paid(market, user)));
        }
        IsTrained = solver.TrySolve(out _weights);
        long[] scores = [.. training.Select(user => Score(user.Record).Raw).Order()];
        _edges = [.. Enumerable.Range(1, 3).Select(i => scores[scores.Length * i / 4])];
    }

    public bool IsTrained { get; }

    public static UrgencyModel Train(Market market, double share) => new(market, share);

    /// <summary>0, the most urgent quarter, to 3.</summary>
    public int LevelOf(RecordedTransaction record)
    {
        long score = Score(record).Raw;
        return 3 - _edges.Count(edge => score > edge);
    }

    /// <summary>Log of the bid by the base fee: heavy tails would drown a linear model.</summary>
    private static double Paid(Market market, MarketUser user) =>
        Math.Log2(1 + user.Record.Tip / Math.Max(1.0, market.BaseFee));

    private Fixed Score(RecordedTransaction record)
    {
        Fixed[] row = Row(record);
        Fixed score = Fixed.Zero;
        for (int i = 0; i < Features; i++)
        {
            score += _weights[i] * row[i];
        }
        return score;
    }

    private Fixed[] Row(RecordedTransaction record) =>
    [
        Fixed.One,
        Of(Math.Log2(record.Gas / 21_000.0 + 1)),
        record.DataBytes == 0 ? Fixed.One : Fixed.Zero,
        Of(Math.Log2(1 + record.DataBytes) / 8),
        Of(_paidByTarget.GetValueOrDefault(record.To)),
        Of(Math.Log2(1 + _sentBySender.GetValueOrDefault(record.Sender))),
    ];

    private static Fixed Of(double value) => Fixed.FromRaw((long)(value * 4_294_967_296));
}
