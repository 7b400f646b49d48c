using System.Runtime.InteropServices;
using System.Text;

namespace Init.Linux;

/// <summary>A NULL-terminated array of C strings (an argv or an environment), in one block of native memory.</summary>
internal readonly unsafe ref struct NativeStrings
{
    public NativeStrings(IReadOnlyList<string> strings)
    {
        nuint bytes = 0;
        for (int i = 0; i < strings.Count; i++)
            bytes += (nuint)Encoding.UTF8.GetByteCount(strings[i]) + 1;

        nuint pointers = (nuint)(strings.Count + 1) * (nuint)sizeof(byte*);
        Pointer = (byte**)NativeMemory.Alloc(pointers + bytes);
        byte* text = (byte*)Pointer + pointers;
        byte* end = text + bytes;
        for (int i = 0; i < strings.Count; i++)
        {
            Pointer[i] = text;
            text += Encoding.UTF8.GetBytes(strings[i], new Span<byte>(text, (int)Math.Min((nuint)int.MaxValue, (nuint)(end - text))));
            *text++ = 0;
        }

        Pointer[strings.Count] = null;
    }

    public byte** Pointer { get; }

    public void Dispose() => NativeMemory.Free(Pointer);
}

/// <summary>One C string in native memory.</summary>
internal readonly unsafe ref struct NativeString
{
    public NativeString(string text)
    {
        int bytes = Encoding.UTF8.GetByteCount(text);
        Pointer = (byte*)NativeMemory.Alloc((nuint)bytes + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(Pointer, bytes));
        Pointer[bytes] = 0;
    }

    public byte* Pointer { get; }

    public void Dispose() => NativeMemory.Free(Pointer);
}
