using Init.Linux;

namespace Init.Integration.Tests.Harness;

/// <summary>A test that needs root (for a PID namespace, or to become someone else); elsewhere it is shown as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RootFactAttribute : FactAttribute
{
    public const string Reason = "needs root";

    public RootFactAttribute() => Skip = Processes.GetUid() == 0 ? null : Reason;
}

/// <summary>As <see cref="RootFactAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RootTheoryAttribute : TheoryAttribute
{
    public RootTheoryAttribute() => Skip = Processes.GetUid() == 0 ? null : RootFactAttribute.Reason;
}
