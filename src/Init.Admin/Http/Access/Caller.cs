namespace Init.Admin.Http.Access;

/// <summary>Who does what is asked for, as the history says it: a feature of each request that a gate has let in.</summary>
/// <param name="Name">"panel from 192.0.2.7", "token deploy".</param>
public sealed record Caller(string Name);
