using Init.Chat.Tests.Kill;
using Init.Chat.Tests.Store;

namespace Init.Chat.Tests;

/// <summary>Started by tests that need another process, most of them to kill it.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["store", .. var rest]:
                await StoreChild.RunAsync(rest);
                return 0;
            case ["role", var file]:
                await ChatRoleProcess.RunAsync(file);
                return 0;
            default:
                return 2;
        }
    }
}
