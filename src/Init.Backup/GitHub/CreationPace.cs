namespace Init.Backup.GitHub;

/// <summary>Spreads the requests that make something over minutes and hours, as GitHub asks for. Whoever goes on regardless is locked out.</summary>
internal sealed class CreationPace(int perMinute, int perHour)
{
    private readonly Queue<TimeSpan> _made = new();

    /// <summary>How long the next one has to wait; zero: it may be made now.</summary>
    /// <param name="now">Of a clock that only goes forward.</param>
    public TimeSpan WaitAt(TimeSpan now)
    {
        while (_made.TryPeek(out TimeSpan oldest) && oldest <= now - TimeSpan.FromHours(1))
            _made.Dequeue();

        TimeSpan Until(int count, TimeSpan window) => _made.Count < count ? TimeSpan.Zero : _made.ElementAt(_made.Count - count) + window - now;
        TimeSpan wait = TimeSpan.FromTicks(Math.Max(Until(perMinute, TimeSpan.FromMinutes(1)).Ticks, Until(perHour, TimeSpan.FromHours(1)).Ticks));
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }

    public void Made(TimeSpan now) => _made.Enqueue(now);
}
