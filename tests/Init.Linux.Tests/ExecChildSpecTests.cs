namespace Init.Linux.Tests;

public sealed class ExecChildSpecTests
{
    private static readonly ExecChildSpec Full = new()
    {
        Path = "/bin/käse",
        Argv = ["a", "", "b c"],
        Environment = ["A=1", "B="],
        Directory = "/tmp",
        CgroupProcs = "/sys/fs/cgroup/x/cgroup.procs",
        OomScoreAdjust = -1000,
        Nice = -20,
        OpenFiles = long.MaxValue,
        CoreBytes = 0,
        Umask = 0x12,
        User = "web:video",
        NoNewPrivileges = true,
    };

    [Fact]
    public void Decode_OfEncoded_IsTheSame()
    {
        Assert.Equivalent(Full, ExecChildSpec.Decode(Full.Encode()), strict: true);
        ExecChildSpec least = new() { Path = "x", Argv = [], Environment = [] };
        Assert.Equivalent(least, ExecChildSpec.Decode(least.Encode()), strict: true);
    }

    [Fact]
    public void Decode_WhenCutShortOrTooLong_IsRefused()
    {
        byte[] encoded = Full.Encode();
        for (int length = 0; length < encoded.Length; length++)
            Assert.Throws<FormatException>(() => ExecChildSpec.Decode(encoded.AsSpan(0, length)));
        Assert.Throws<FormatException>(() => ExecChildSpec.Decode([.. encoded, 0]));
    }

    [Fact]
    public void Describe_EveryStep_NamesTheSubject()
    {
        foreach (ExecChildStep step in Enum.GetValues<ExecChildStep>())
            Assert.StartsWith("cannot ", new ExecChildFailure(step, Errno.EPERM).Describe(Full), StringComparison.Ordinal);
        Assert.Equal("cannot set nice value -20: Operation not permitted (errno 1)", new ExecChildFailure(ExecChildStep.SetNice, Errno.EPERM).Describe(Full));
    }
}
