using System.Text;

namespace Init.Chat.Rendering.Mathematics;

internal sealed partial class TexFormula
{
    /// <summary>Cells of a table; more end it.</summary>
    private const int CellsMax = 2000;

    /// <summary>\begin{name} has been read.</summary>
    private string Environment(string name)
    {
        string columns = "";
        if (name is "array" or "alignedat" or "alignat" or "alignat*")
            columns = RawArgument();
        string table = Table(name, columns);
        SkipEnd();
        return name.TrimEnd('*') switch
        {
            "pmatrix" => Between("(", table, ")"),
            "bmatrix" => Between("[", table, "]"),
            "Bmatrix" => Between("{", table, "}"),
            "vmatrix" => Between("|", table, "|"),
            "Vmatrix" => Between("‖", table, "‖"),
            "cases" => Between("{", table, ""),
            "rcases" => Between("", table, "}"),
            _ => table,
        };
    }

    private string Table(string name, string columns)
    {
        bool isAligned = name.StartsWith("align", StringComparison.Ordinal) || name is "split" or "eqnarray" or "eqnarray*";
        string sides = new([.. columns.Where(side => side is 'l' or 'c' or 'r')]);
        StringBuilder table = new($"<mtable class=\"{(isAligned ? "aligned" : name is "cases" or "rcases" ? "cases" : "plain")}\"{(isAligned ? " displaystyle=\"true\"" : "")}><mtr>");
        int column = 0, cells = 0;
        while (true)
        {
            int begin = _at;
            string cell = Row();
            string side = isAligned ? (column % 2 == 0 ? "r" : "l") : column < sides.Length ? sides[column].ToString() : name is "cases" or "rcases" ? "l" : "c";
            table.Append($"<mtd class=\"{side}\">{cell}</mtd>");
            if (_at >= _tex.Length || FollowsWord("end") || ++cells > CellsMax)
                break;
            if (_tex[_at] == '&')
            {
                _at++;
                column++;
            }
            else if (Follows("\\\\") || FollowsWord("cr"))
            {
                _at += Follows("\\\\") ? 2 : 3;
                _ = OptionalArgument();
                SkipSpaces();
                if (FollowsWord("end"))
                    break;
                table.Append("</mtr><mtr>");
                column = 0;
            }
            else if (_at == begin || _tex[_at] == '}')
            {
                _at++; // A brace that nothing opened.
            }
            else
            {
                _ = SkipOddCommand(); // A \right without its \left.
            }
        }

        return table.Append("</mtr></mtable>").ToString();
    }

    private string Substack()
    {
        SkipSpaces();
        if (!Follows("{"))
            return Argument();
        _at++;
        StringBuilder table = new("<mtable class=\"stack\">");
        for (int rows = 0; rows < CellsMax; rows++)
        {
            table.Append($"<mtr><mtd>{Row()}</mtd></mtr>");
            if (!Follows("\\\\"))
                break;
            _at += 2;
        }

        if (Follows("}"))
            _at++;
        return table.Append("</mtable>").ToString();
    }

    private void SkipEnd()
    {
        SkipSpaces();
        if (!FollowsWord("end"))
            return;
        _at += "\\end".Length;
        _ = RawArgument();
    }

    private static string Between(string open, string body, string close) => Single(Fence(open, "prefix") + body + Fence(close, "postfix"));
}
