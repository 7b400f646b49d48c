import { describe, expect, it } from 'vitest'
import { readCurl, shellWords } from './curl'

const question = (text: string) => {
  const read = readCurl(text)
  if (!read.ok) throw new Error(read.reason)
  return read.question
}

describe('a curl command', () => {
  it('as browsers copy it', () => {
    expect(
      question(`curl 'https://example.org/app/x?y=1&z=2' \\
  -H 'accept: */*' \\
  -H 'referer: https://example.org/app/' \\
  -b 'a=1; b=2' \\
  --data-raw $'it\\'s \\u0021' --compressed --insecure`),
    ).toEqual({
      method: 'POST',
      url: 'https://example.org/app/x?y=1&z=2',
      headers: [{ name: 'accept', value: '*/*' }, { name: 'referer', value: 'https://example.org/app/' }, { name: 'Cookie', value: 'a=1; b=2' }],
    })
  })

  it.each([
    ['curl example.org', 'GET', 'http://example.org'],
    ['curl -XDELETE http://h/x', 'DELETE', 'http://h/x'],
    ['/usr/bin/curl -sSI --max-time 5 http://h/', 'GET', 'http://h/'],
    ['curl -I http://h/', 'HEAD', 'http://h/'],
    ['curl -G -d q=1 http://h/', 'GET', 'http://h/'],
    ['curl --request=PATCH --url "http://h/a b"', 'PATCH', 'http://h/a b'],
    ['curl -o out.html -x proxy:1 http://h/', 'GET', 'http://h/'],
    ['curl -T file http://h/', 'PUT', 'http://h/'],
    ['curl ^\r\n http://h/', 'GET', 'http://h/'],
  ])('%s', (text, method, url) => expect(question(text)).toMatchObject({ method, url }))

  it('has headers of other options, too', () => {
    expect(question('curl -A me -e http://r/ -u user:pässword -H "Empty;" -H "Gone:" http://h/').headers).toEqual([
      { name: 'User-Agent', value: 'me' },
      { name: 'Referer', value: 'http://r/' },
      { name: 'Authorization', value: 'Basic dXNlcjpww6Rzc3dvcmQ=' },
      { name: 'Empty', value: '' },
    ])
  })

  it('that is none is refused', () => {
    expect([readCurl('wget http://h/'), readCurl("curl 'http://h/"), readCurl('curl -s'), readCurl('')].map((read) => !read.ok && read.reason)).toEqual(['notCurl', 'quote', 'noUrl', 'notCurl'])
  })

  it('is split as a shell does it', () => {
    expect(shellWords(`a 'b c' "d \\"e\\" $f" g\\ h ""  $'\\x41\\t\\101'`)).toEqual(['a', 'b c', 'd "e" $f', 'g h', '', 'A\tA'])
  })
})
