// docs/compatibility.md, from what was run.

export function page(results, contracts) {
  const libraries = [...new Set(results.map(({ library }) => library))]
  const nodes = [...new Set(results.map(({ node }) => node))].sort(
    (a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10),
  )
  const rows = libraries.flatMap((library) => {
    const versions = [...new Set(results.filter((one) => one.library === library).map(({ version }) => version))]
    return versions.map((version) => {
      const cells = nodes.map((node) =>
        cell(results.find((one) => one.library === library && one.version === version && one.node === node)),
      )
      return `| ${library} | ${version} | ${cells.join(' | ')} |`
    })
  })
  return `# Compatibility

What was run, and on what. \`npm run test:matrix\` writes this page: each release is installed with our packed packages in a folder of
its own; one application of test/auto/apps is visited with and without \`--import @trailproof/auto\`; its answers have to be the same, and
its records those it has to leave. A number is how many it left; a dash was not run.

| library | release | ${nodes.map((node) => `Node ${node}`).join(' | ')} |
|---|---|${nodes.map(() => '---|').join('')}
${rows.join('\n')}

The whole contract of adapters (\`adapterContract\` of \`@trailproof/testkit\`: a hundred scenarios over HTTP, whole records compared) runs in
\`npm test\` on Express 5.3 and 4.22, passport 0.7 and 0.6, Koa 3.3 and 2.16 and Nest 11.2, and here, with the adapter's own suite, on
${contracts.map(({ name, version, passed, fault }) => `${name} ${version} (${fault ? '**fails**' : `${passed} tests`})`).join(' and ')}, from fixture folders with lock files of their own.

Other releases between these are expected to work and are not run. \`health()\` and \`audit.coverage()\` of your own application say what is hooked in it.
`
}

const cell = (result) => (result === undefined ? '–' : result.fault ? '**fails**' : `${result.events}`)
