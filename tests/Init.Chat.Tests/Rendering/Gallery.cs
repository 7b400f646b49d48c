namespace Init.Chat.Tests.Rendering;

/// <summary>Texts that show all that can be drawn.</summary>
internal static class Gallery
{
    public const string Reasoning = "The user wants a comparison. 先想一想：表格最清楚。\n\n- first the facts\n- then the code";

    public const string Everything = """"
        # 渲染示例 Rendering 😀

        A paragraph with **bold**, *slanted*, ~~struck~~, ==marked==, `code` and a [link](https://example.com/) — 中文**加粗。**后面的字
        续行不该有空格。好的~ 今天~ 开心 ^_^ 🎉👩‍💻🇨🇳

        ## Table 表格

        | 名称 | Price | Note |
        |:-----|------:|:----:|
        | 苹果 🍎 | 5.20 | fresh |
        | Banana | 13.00 | `ripe` |
        | A rather long name of something | 1,204.99 | **out** of stock |

        ## Code

        ```python
        @dataclass
        class Point:
            """A point."""
            x: float = 0.0  # 注释

            def length(self) -> float:
                return math.sqrt(self.x ** 2 + 1) if self.x else None
        ```

        ```csharp
        public static async Task<int> CountAsync(string path, CancellationToken cancellation = default)
        {
            // Lines, not bytes.
            return (await File.ReadAllLinesAsync(path, cancellation)).Length + 0x1F;
        }
        ```

        ```bash
        # install
        sudo apt-get install -y chromium && echo "done: $HOME/${USER}"
        ```

        ```json
        {"name": "Init", "ports": [8080, 9001], "debug": false, "note": null}
        ```

        ```diff
        @@ -1,2 +1,2 @@
        -old line
        +new line
        ```

        ## Mathematics 数学

        Inline $e^{i\pi} + 1 = 0$ and \(a_1^2 + \sqrt[3]{x}\); it costs $5 and not $10.

        $$
        \int_{-\infty}^{\infty} e^{-x^2}\,dx = \sqrt{\pi}, \qquad \sum_{n=1}^{\infty} \frac{1}{n^2} = \frac{\pi^2}{6}
        $$

        \[
        \mathbf{A} = \begin{pmatrix} a & b \\ c & d \end{pmatrix}, \quad f(x) = \begin{cases} x^2 & \text{if } x \ge 0 \\ -x & \text{otherwise} \end{cases}
        \]

        $$\begin{aligned} \nabla \times \vec{E} &= -\frac{\partial \vec{B}}{\partial t} \\ \lim_{x \to 0} \frac{\sin x}{x} &= 1 \end{aligned}$$

        $$\left( \frac{1}{1+\frac{1}{1+x}} \right)^{2} \in \mathbb{R}, \quad \hat{y} = \operatorname{argmax}_{k} P(k \mid x), \quad \overline{AB} \unknowncommand \boxed{E=mc^2}$$

        $$\oint_C \mathbf{F}\cdot d\mathbf{r} = \iint_S (\nabla\times\mathbf{F})\cdot d\mathbf{S}, \quad \underbrace{a+b+\cdots+z}_{26}, \quad \binom{n}{k} = \frac{n!}{k!(n-k)!}, \quad \prod_{\substack{i<j \\ i \ne 3}} x_{ij}'$$

        $$A \xrightarrow{f\ \text{连续}} B, \quad \left|\begin{matrix} 1 & 0 \\ 0 & 1 \end{matrix}\right|, \quad \mathcal{L}\{f\}(s), \quad \lfloor x \rfloor, \quad \not\subset, \quad \dot{x} = \alpha x - \beta xy, \quad 速度 = \frac{路程}{时间}$$

        ## Lists

        1. one
           - nested
             - deeper
        2. two

        - [x] done
        - [ ] open

        > A quotation
        > > in a quotation

        Here is a note.[^1] And a picture: ![a cat](https://example.com/cat.png)

        [^1]: The note itself.
        """";
}
