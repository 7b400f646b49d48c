import vue from 'eslint-plugin-vue'
import ts from 'typescript-eslint'

export default ts.config(
  { ignores: ['dist/', 'node_modules/'] },
  ...ts.configs.recommended,
  ...vue.configs['flat/essential'],
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    rules: {
      // Nothing is ever interpolated as HTML: what programs, rules and requests contain is text.
      'vue/no-v-html': 'error',
      'vue/no-v-text-v-html-on-component': 'error',
      'no-restricted-properties': [
        'error',
        { property: 'innerHTML', message: 'text only: use textContent or a template' },
        { property: 'outerHTML', message: 'text only: use textContent or a template' },
        { property: 'insertAdjacentHTML', message: 'text only: use textContent or a template' },
      ],
      'no-restricted-syntax': ['error', { selector: "Property[key.name='dangerouslyUseHTMLString']", message: 'text only' }],
      // The policy forbids style attributes in HTML, which static ones may become; bound ones are set by script and are fine.
      'vue/no-static-inline-styles': 'error',
      'no-eval': 'error',
      'no-new-func': 'error',
      eqeqeq: 'error',
    },
  },
)
