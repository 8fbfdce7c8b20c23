using Homeostat.Primitives;
using Microsoft.Data.Sqlite;

namespace Homeostat.Node.Store;

/// <summary>
/// Keeps the file of trie nodes near the size of the state: a copying collector over two tables.
/// </summary>
/// <remarks>
/// Each checkpoint adds nodes and makes others useless, and which ones can't be told locally:
/// equal subtrees are one row. Counting references would write every row again and again. So, when
/// a table has grown to twice what was alive in it at last, all that the newest checkpoint reaches
/// is copied into a second table, in small steps between checkpoints, while new nodes go there at
/// once; then the first is dropped. Reading looks into both meanwhile.
///
/// Invariants. (1) What a later checkpoint reaches is in the second table: it shares with the
/// copied state what was in the first, and the rest was written since. (2) States of the last
/// <see cref="DelayBlocks"/> blocks stay readable (calls on older blocks load their nodes from
/// here): the drop waits for so many blocks after the copied state. (3) A crash loses nothing:
/// nodes of both tables are right wherever they are needed, and copying starts again.
/// </remarks>
internal sealed class StateGenerations
{
    /// <summary>Blocks from the copied checkpoint to the drop of what it does not reach.</summary>
    public const ulong DelayBlocks = 2_048;

    private const int StepNodes = 2_048;
    private const int RowBytes = 48;
    private const int MostSharedTries = 1_000_000;
    private static readonly string[] Tables = ["node", "node_next"];

    private static readonly string[] Selects = Of("SELECT rlp FROM {0} WHERE hash = $1");
    private static readonly string[] Inserts = Of("INSERT OR IGNORE INTO {0} VALUES($1, $2)");

    private readonly SqliteFile _file;
    private readonly long _smallestBytes;
    private readonly Stack<Reference> _open = [];
    private readonly HashSet<Hash256> _sharedTries = [];
    private volatile Generation _now;

    /// <param name="smallestBytes">Below this, nothing is collected.</param>
    public StateGenerations(SqliteFile file, long smallestBytes)
    {
        _file = file;
        _smallestBytes = smallestBytes;
        _file.Writer.Run(
            """
            CREATE TABLE IF NOT EXISTS node(
                hash BLOB PRIMARY KEY, rlp BLOB NOT NULL) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS node_next(
                hash BLOB PRIMARY KEY, rlp BLOB NOT NULL) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS generation(
                id INTEGER PRIMARY KEY CHECK (id = 1), home INTEGER NOT NULL,
                phase INTEGER NOT NULL, height INTEGER NOT NULL, bytes INTEGER NOT NULL,
                alive INTEGER NOT NULL);
            INSERT OR IGNORE INTO generation VALUES(1, 0, 0, 0, 0, 0);
            """);
        _now = Read();
    }

    private enum Phase
    {
        Resting,
        Copying,
        Copied,
    }

    /// <summary>Whether <see cref="Step"/> has something to do.</summary>
    public bool IsCopying => _now.Phase == Phase.Copying;

    private int Target => _now.Phase == Phase.Resting ? _now.Home : 1 - _now.Home;

    /// <summary>Any thread.</summary>
    public bool TryGet(in Hash256 hash, out byte[] rlp)
    {
        object key = hash.ToArray();
        Generation now = _now;
        // A drop may come between: what it leaves is in the other table.
        byte[]? found = _file.Read(session =>
            session.Prepare(Selects[1 - now.Home], key).ExecuteScalar() as byte[]
            ?? session.Prepare(Selects[now.Home], key).ExecuteScalar() as byte[]
            ?? session.Prepare(Selects[1 - now.Home], key).ExecuteScalar() as byte[]);
        rlp = found ?? [];
        return found is not null;
    }

    /// <summary>Writes nodes; within a transaction of the file's writer.</summary>
    public void Add(SqliteSession session, IEnumerable<KeyValuePair<Hash256, byte[]>> nodes)
    {
        long bytes = 0;
        foreach ((Hash256 hash, byte[] rlp) in nodes)
        {
            session.Prepare(Inserts[Target], hash.ToArray(), rlp).ExecuteNonQuery();
            bytes += rlp.Length + RowBytes;
        }
        Write(session, _now with { Bytes = _now.Bytes + bytes });
    }

    /// <summary>A checkpoint is whole on disk: starts or ends a collection where due.</summary>
    public void CheckpointWritten(ulong height, in Hash256 stateRoot)
    {
        if (_now.Phase == Phase.Resting
            && _now.Bytes > Math.Max(_smallestBytes, 2 * _now.AliveBytes))
        {
            // Bytes counts from here what the second table gets.
            Save(_now with { Phase = Phase.Copying, Height = height, Bytes = 0 });
            Begin(stateRoot);
        }
        else if (_now.Phase == Phase.Copied && height >= _now.Height + DelayBlocks)
        {
            Save(_now with { Home = 1 - _now.Home, Phase = Phase.Resting });
            _file.Writer.Run($"DELETE FROM {Tables[1 - _now.Home]}");
        }
    }

    /// <summary>After a start: an interrupted copy begins again at the newest checkpoint.</summary>
    public void Resume(in Hash256 stateRoot)
    {
        if (_now.Phase == Phase.Copying)
        {
            Begin(stateRoot);
        }
    }

    /// <summary>Copies a few thousand nodes, in one transaction.</summary>
    public void Step() => _file.Write(session =>
    {
        long bytes = 0;
        for (int i = 0; i < StepNodes && _open.TryPop(out Reference next); i++)
        {
            bytes += Copy(session, next);
        }
        Generation then = _now with { Bytes = _now.Bytes + bytes };
        if (_open.Count == 0)
        {
            _sharedTries.Clear();
            then = then with { Phase = Phase.Copied, AliveBytes = then.Bytes };
        }
        Write(session, then);
    });

    private static string[] Of(string sql) =>
        [.. Tables.Select(table => sql.Replace("{0}", table, StringComparison.Ordinal))];

    private void Begin(in Hash256 stateRoot)
    {
        _open.Clear();
        _sharedTries.Clear();
        Open(new Reference(stateRoot, Kind.Account));
    }

    private void Open(Reference reference)
    {
        if (reference.Hash != Keccak.EmptyTrie && reference.Hash != Keccak.Empty)
        {
            _open.Push(reference);
        }
    }

    private long Copy(SqliteSession session, Reference reference)
    {
        object key = reference.Hash.ToArray();
        byte[]? rlp = session.Prepare(Selects[1 - _now.Home], key).ExecuteScalar() as byte[];
        long bytes = 0;
        if (rlp is null)
        {
            rlp = session.Prepare(Selects[_now.Home], key).ExecuteScalar() as byte[]
                ?? throw new StoreException(
                    $"{_file.Path} is damaged: node {reference.Hash} is missing. Move the file "
                    + "away and start again: the state is made anew from the block log");
            session.Prepare(Inserts[1 - _now.Home], key, rlp).ExecuteNonQuery();
            bytes = rlp.Length + RowBytes;
        }
        if (reference.Kind != Kind.Code)
        {
            var reader = new RlpReader(rlp);
            OpenChildren(reader.ReadList(), reference.Kind);
        }
        return bytes;
    }

    /// <summary>A branch has 17 items, a leaf or extension two; short nodes lie inside.</summary>
    private void OpenChildren(RlpReader node, Kind kind)
    {
        RlpReader counting = node;
        int items = 0;
        while (counting.HasMore)
        {
            counting.ReadRaw();
            items++;
        }
        if (items == 2)
        {
            bool isLeaf = (node.ReadBytes()[0] & 0x20) != 0;
            if (isLeaf)
            {
                OpenLeaf(node.ReadBytes(), kind);
                return;
            }
        }
        for (int i = 0; i < Math.Min(items, 16) && node.HasMore; i++)
        {
            if (node.NextIsList)
            {
                OpenChildren(node.ReadList(), kind);
            }
            else if (node.ReadBytes() is { Length: Hash256.Size } hash)
            {
                Open(new Reference(new Hash256(hash), kind));
            }
        }
    }

    private void OpenLeaf(ReadOnlySpan<byte> value, Kind kind)
    {
        if (kind != Kind.Account
            || !Ledger.AccountState.TryDecode(value, out Ledger.AccountState account))
        {
            return;
        }
        Open(new Reference(account.CodeHash, Kind.Code));
        // Many contracts have equal storage; beyond the bound some are walked again.
        if (_sharedTries.Count >= MostSharedTries || _sharedTries.Add(account.StorageRoot))
        {
            Open(new Reference(account.StorageRoot, Kind.Storage));
        }
    }

    private Generation Read() => _file.Read(session =>
    {
        using SqliteDataReader row = session
            .Prepare("SELECT home, phase, height, bytes, alive FROM generation").ExecuteReader();
        row.Read();
        return new Generation(
            row.GetInt32(0), (Phase)row.GetInt32(1), (ulong)row.GetInt64(2), row.GetInt64(3),
            row.GetInt64(4));
    });

    private void Save(Generation next) => _file.Write(session => Write(session, next));

    private void Write(SqliteSession session, Generation next)
    {
        session.Prepare(
            "UPDATE generation SET home = $1, phase = $2, height = $3, bytes = $4, alive = $5",
            next.Home, (int)next.Phase, (long)next.Height, next.Bytes, next.AliveBytes)
            .ExecuteNonQuery();
        _now = next;
    }

    private enum Kind
    {
        Account,
        Storage,
        Code,
    }

    private readonly record struct Reference(Hash256 Hash, Kind Kind);

    /// <param name="Home">Index of the table that is whole, or was before the copy.</param>
    /// <param name="Height">Of the checkpoint that is copied.</param>
    /// <param name="Bytes">Rows written to the table that is filled, about.</param>
    /// <param name="AliveBytes">Of the last copy.</param>
    private sealed record Generation(
        int Home, Phase Phase, ulong Height, long Bytes, long AliveBytes);
}
