using System.Runtime.InteropServices;
using Init.Linux;

namespace Init;

/// <summary>How this process was started, as native/block-signals.c found it before the runtime changed anything.</summary>
internal static unsafe partial class ProcessStart
{
    /// <summary>The signals that were blocked (a <see cref="SignalSet"/>).</summary>
    public static ulong SignalMask => init_start_mask();

    public static ulong IgnoredSignals => init_start_ignored();

    /// <summary>argv as the kernel gave it: C strings, then NULL.</summary>
    public static byte** Argv => init_start_argv();

    public static int ArgumentCount
    {
        get
        {
            int count = 0;
            while (Argv[count] != null)
                count++;
            return count;
        }
    }

    /// <summary>The environment as the kernel gave it: C strings, then NULL.</summary>
    public static byte** Environment => init_start_environment();

    /// <summary>argv[0].</summary>
    public static string Invocation => Marshal.PtrToStringUTF8((nint)(*Argv)) ?? "init";

    /// <summary>argv[0] without its directory.</summary>
    public static ReadOnlySpan<byte> Name
    {
        get
        {
            if (*Argv == null)
                return default;

            ReadOnlySpan<byte> path = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(*Argv);
            return path[(path.LastIndexOf((byte)'/') + 1)..];
        }
    }

    [LibraryImport("init-start")]
    private static partial ulong init_start_mask();

    [LibraryImport("init-start")]
    private static partial ulong init_start_ignored();

    [LibraryImport("init-start")]
    private static partial byte** init_start_argv();

    [LibraryImport("init-start")]
    private static partial byte** init_start_environment();
}
