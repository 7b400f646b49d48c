using System.Globalization;

namespace Init.Chat.Variables;

/// <summary>Numbers as the original shows them: Python's <c>repr(float)</c>, the shortest text that reads back the same.</summary>
internal static class PythonFloat
{
    /// <summary>From which powers of ten on there is an exponent, as in <c>float_repr_style = 'short'</c>.</summary>
    private const int SmallestPlain = -4, LargestPlain = 16;

    public static string Repr(double value)
    {
        if (double.IsNaN(value))
            return "nan";
        if (double.IsInfinity(value))
            return value > 0 ? "inf" : "-inf";
        if (value == 0)
            return double.IsNegative(value) ? "-0.0" : "0.0";

        var (digits, exponent) = Shortest(Math.Abs(value));
        string sign = value < 0 ? "-" : "";
        if (exponent is < SmallestPlain or >= LargestPlain)
        {
            string fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        if (exponent < 0)
            return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        string whole = digits.PadRight(exponent + 1, '0');
        return $"{sign}{whole[..(exponent + 1)]}.{(whole.Length > exponent + 1 ? whole[(exponent + 1)..] : "0")}";
    }

    /// <returns>The significant digits, without zeros at either end, and the power of ten of the first.</returns>
    private static (string Digits, int Exponent) Shortest(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture); // "1234.5", "0.0012", or "1.2E+20".
        int end = text.IndexOf('E', StringComparison.Ordinal);
        string mantissa = end < 0 ? text : text[..end];
        int point = mantissa.IndexOf('.', StringComparison.Ordinal) is >= 0 and var at ? at : mantissa.Length;
        string all = mantissa.Replace(".", "", StringComparison.Ordinal);
        int first = all.AsSpan().IndexOfAnyExcept('0');
        int power = end < 0 ? 0 : int.Parse(text.AsSpan(end + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return (all.Trim('0'), power + point - 1 - first);
    }
}
