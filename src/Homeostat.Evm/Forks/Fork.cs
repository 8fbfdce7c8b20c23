namespace Homeostat.Evm;

/// <summary>
/// Ethereum's execution forks in the order of their activation. Forks that changed nothing the
/// EVM can see (difficulty bombs, blob schedules) are not listed: Muir Glacier runs as Istanbul,
/// Arrow and Gray Glacier as London, BPO1 and later as Osaka.
/// </summary>
public enum Fork
{
    Frontier,
    Homestead,
    TangerineWhistle,
    SpuriousDragon,
    Byzantium,
    Constantinople,
    Petersburg,
    Istanbul,
    Berlin,
    London,
    Paris,
    Shanghai,
    Cancun,
    Prague,
    Osaka,
}
