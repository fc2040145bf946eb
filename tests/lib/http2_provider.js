// tests/lib: a provider of language models over TLS and HTTP/2: it answers each request after 50 ms with the first line of its document.
// node http2_provider.js KEY.pem CERT.pem: prints its port; GET /stats: how many requests, in how many connections, how many at once, over which HTTP.
const fs = require('fs'), http2 = require('http2')
const stats = { requests: 0, connections: 0, at_once: 0, versions: {} }
let open = 0
const server = http2.createSecureServer({ key: fs.readFileSync(process.argv[2]), cert: fs.readFileSync(process.argv[3]), allowHTTP1: true })
server.on('secureConnection', () => stats.connections++)
server.on('request', (request, response) => {
    if (request.url === '/stats') return response.end(JSON.stringify(stats))
    stats.requests++
    stats.at_once = Math.max(stats.at_once, ++open)
    stats.versions[request.httpVersion] = (stats.versions[request.httpVersion] || 0) + 1
    let body = ''
    request.on('data', (piece) => (body += piece))
    request.on('end', () => setTimeout(() => {
        open--
        const name = /Patient name: (.*)/.exec(JSON.parse(body).messages[1].content)[1]
        const record = { patient_name: name, patient_age: null, phone_number: null, scheduled_appointment_date: null, dental_procedure_name: null, doctor: null }
        response.setHeader('Content-Type', 'application/json')
        response.end(JSON.stringify({ choices: [{ message: { content: JSON.stringify(record) }, finish_reason: 'stop' }], usage: { prompt_tokens: 1, completion_tokens: 1 } }))
    }, 50))
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
