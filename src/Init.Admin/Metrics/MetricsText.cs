using System.Globalization;
using System.Text;
using Init.Control;

namespace Init.Admin.Metrics;

/// <summary>
/// The text that Prometheus reads, in its own format (0.0.4) or as OpenMetrics 1.0. They differ in little: OpenMetrics names a counter without its _total, knows
/// units, and has an end.
/// </summary>
public sealed class MetricsText(bool isOpenMetrics)
{
    private readonly StringBuilder _text = new();
    private string _family = "";

    public void Gauge(string name, string help, string? unit = null) => Family(name, "gauge", help, unit);

    /// <param name="name">Without _total.</param>
    /// <param name="help">One sentence.</param>
    /// <param name="unit">The word at the end of the name, if that is one.</param>
    public void Counter(string name, string help, string? unit = null)
    {
        Family(isOpenMetrics ? name : name + "_total", "counter", help, unit);
        _family = name + "_total";
    }

    /// <summary>A sample of the family that was begun last.</summary>
    /// <param name="value">Its value.</param>
    /// <param name="labels">Name, value, name, value, …</param>
    public void Sample(double value, params ReadOnlySpan<string> labels) => Sample("", value, labels);

    public void Histogram(string name, string help, Histogram histogram)
    {
        Family(name, "histogram", help, "seconds");
        foreach (HistogramBucket bucket in histogram.Buckets)
            Sample("_bucket", bucket.Count, "le", Number(bucket.AtMostSeconds));
        Sample("_bucket", histogram.Count, "le", "+Inf");
        Sample("_sum", histogram.SumSeconds);
        Sample("_count", histogram.Count);
    }

    public byte[] End()
    {
        if (isOpenMetrics)
            _text.Append("# EOF\n");
        return Encoding.UTF8.GetBytes(_text.ToString());
    }

    private void Family(string name, string type, string help, string? unit)
    {
        _family = name;
        _text.Append("# HELP ").Append(name).Append(' ');
        Escape(help, quotes: false);
        _text.Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        if (isOpenMetrics && unit is not null)
            _text.Append("# UNIT ").Append(name).Append(' ').Append(unit).Append('\n');
    }

    private void Sample(string suffix, double value, params ReadOnlySpan<string> labels)
    {
        _text.Append(_family).Append(suffix);
        for (int i = 0; i < labels.Length; i += 2)
        {
            _text.Append(i == 0 ? '{' : ',').Append(labels[i]).Append("=\"");
            Escape(labels[i + 1], quotes: true);
            _text.Append('"');
        }

        if (!labels.IsEmpty)
            _text.Append('}');
        _text.Append(' ').Append(Number(value)).Append('\n');
    }

    private void Escape(string text, bool quotes)
    {
        foreach (char character in text)
        {
            _ = character switch
            {
                '\\' => _text.Append("\\\\"),
                '\n' => _text.Append("\\n"),
                '"' when quotes => _text.Append("\\\""),
                _ => _text.Append(character),
            };
        }
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
