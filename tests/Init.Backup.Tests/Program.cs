namespace Init.Backup.Tests;

internal static class Program
{
    public static int Main() => 2;
}
