using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Init.Control.Tests")]
