using System.Runtime.CompilerServices;

// Every native call here takes blittable arguments (or strings that LibraryImport itself encodes), so the runtime's marshaller is never needed.
[assembly: DisableRuntimeMarshalling]
[assembly: InternalsVisibleTo("Init.Linux.Tests")]
