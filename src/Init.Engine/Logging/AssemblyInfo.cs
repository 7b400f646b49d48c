using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Init.Engine.Tests")]
