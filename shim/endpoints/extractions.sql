-- about: what became of documents that a model was asked about, newest first: the record, what it cost, or why there is none
-- order: asked_at desc, document desc, modified_at desc
-- scope: read:extractions
-- json: record, grounding
-- param document: only of this document
-- param contract: only of this contract
-- param status: only those with this status: ok, or why there is none
-- param model: only what this model answered
-- param pending: only those that are tried again, or only those that are not
-- param from: asked not before this moment
-- param to: asked before this moment
-- param grounding: with where each value stands in the document: its words, and the bytes of the text from start to before end. default false
SELECT document, modified_at, source_file_path, contract, contract_hash, status, if(status = 'ok', record, 'null') AS record, error, model,
    tokens_in, tokens_out, cost, latency_ms, cached, attempts, asked_at,
    if({grounding:Bool}, toJSONString(grounding), 'null') AS grounding
FROM extractions
WHERE 1
  AND document = {document:String}                        -- if given
  AND contract = {contract:String}                        -- if given
  AND status = {status:String}                            -- if given
  AND model = {model:String}                              -- if given
  AND startsWith(status, 'pending') = {pending:Bool}      -- if given
  AND asked_at >= {from:DateTime64(3)}                    -- if given
  AND asked_at < {to:DateTime64(3)}                       -- if given
