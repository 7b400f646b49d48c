namespace Init.Panel.SignIn;

/// <summary>Who has come through the gate: a feature of the request. By a session or by a token.</summary>
/// <param name="Session">Null: by a token.</param>
/// <param name="Ended">When he is let in no longer, so that what he follows ends too.</param>
internal sealed record SignedIn(Session? Session, CancellationToken Ended)
{
    public string Id { get; init; } = Session?.Record.Id ?? "";
}
