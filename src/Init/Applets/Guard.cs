using System.Globalization;
using Init.Base;

namespace Init.Applets;

/// <summary><c>init guard INSTANCE GRACE</c>: waits until the supervisor is gone, then ends what it left behind. GRACE is in milliseconds.</summary>
internal static class Guard
{
    public static int Run(string[] arguments)
    {
        if (arguments is not [var instance, var grace]
            || !long.TryParse(grace, NumberStyles.None, CultureInfo.InvariantCulture, out long milliseconds))
            return ExitCode.Usage;

        Linux.Guard.Watch(instance, TimeSpan.FromMilliseconds(milliseconds));
        return ExitCode.Success;
    }
}
