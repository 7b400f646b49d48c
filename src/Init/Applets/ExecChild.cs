using Init.Base;

namespace Init.Applets;

/// <summary><c>init exec-child</c>: sets up a child of the supervisor and becomes it. Everything it needs comes over inherited descriptors.</summary>
internal static class ExecChild
{
    public static int Run(string[] arguments)
    {
        Linux.ExecChild.Become();

        // Only after a failure, which the supervisor has been told.
        return ExitCode.CannotExecute;
    }
}
