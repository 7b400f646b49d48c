namespace Init.Backup.History;

/// <summary>What whoever tidies up has to heed.</summary>
/// <param name="Meanwhile">Called about twice a second while git works, on the caller's thread.</param>
/// <param name="Cancel">A backup is due, or the end has come.</param>
public readonly record struct UpkeepTurn(Action? Meanwhile, CancellationToken Cancel)
{
    public static implicit operator UpkeepTurn(CancellationToken cancel) => new(null, cancel);
}
