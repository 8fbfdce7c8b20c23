namespace Homeostat.Conformance;

/// <summary>A file of an archive, by its path in it.</summary>
internal sealed record FixtureFile(string Path, byte[] Content);
