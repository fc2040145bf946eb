-- about: documents, each version of them, newest first: what text was read and how
-- order: modified_at desc, id desc
-- scope: read:documents
-- param id: only the versions of this document
-- param prefix: only documents whose path begins with this
-- param content_type: only documents of this type
-- param method: only documents whose text was read like this: text, html, pdf, ocr, …
-- param contract: only documents of which a record of this contract is made
-- param sha256: only documents of these bytes. 64 to 64
-- param q: only documents whose text has all of these words, in any case and order. 1 to 1000
-- param from: not modified before this moment
-- param to: modified before this moment
SELECT id, source_file_path, content_type, text, pages, method, bytes, sha256, contract, modified_at, ingested_at, processed_at
FROM documents_rows
WHERE 1
  AND id = {id:String}                               -- if given
  AND startsWith(source_file_path, {prefix:String})  -- if given
  AND content_type = {content_type:String}           -- if given
  AND method = {method:String}                       -- if given
  AND contract = {contract:String}                   -- if given
  AND sha256 = {sha256:String}                       -- if given
  AND hasAllTokens(text, lower({q:String}))          -- if given
  AND modified_at >= {from:DateTime64(3)}            -- if given
  AND modified_at < {to:DateTime64(3)}               -- if given
