namespace Init.Container.Tests.Harness;

/// <summary>A test that needs containers. tests/container/run says where they are, or why there are none; then it is shown as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ContainerFactAttribute : FactAttribute
{
    public ContainerFactAttribute() => Skip = Reason;

    public static string? Reason { get; } =
        Environment.GetEnvironmentVariable("INIT_NO_CONTAINERS") is { Length: > 0 } reason ? reason
        : Environment.GetEnvironmentVariable("INIT_CONTAINER_PODMAN") is null ? "run by tests/container/run (./test container)"
        : null;
}

/// <summary>As <see cref="ContainerFactAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ContainerTheoryAttribute : TheoryAttribute
{
    public ContainerTheoryAttribute() => Skip = ContainerFactAttribute.Reason;
}
