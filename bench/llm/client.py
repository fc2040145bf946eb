"""bench/llm: what people write by themselves: OpenAI's client in a pool of threads, each answer held to the contract (jsonschema).

client.py URL KEY THREADS CONTRACT DOCUMENTS: documents as JSON lines. Prints seconds, CPU seconds, records that hold."""
import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import jsonschema
from openai import OpenAI

url, key, threads, contract, documents = sys.argv[1:]
with open(contract) as f:
    schema = json.load(f)
with open(documents) as f:
    texts = [json.loads(line)["text"] for line in f]
strict = {"type": "object", "additionalProperties": False, "required": list(schema["properties"]), "properties": {}}
for name, field in schema["properties"].items():
    kind = field["type"] if isinstance(field["type"], str) else field["type"][0]
    strict["properties"][name] = {"type": [kind, "null"], "description": field["description"]}
validator = jsonschema.Draft202012Validator(schema)
client = OpenAI(base_url=url, api_key=key, max_retries=5)


def extract(text):
    answer = client.chat.completions.create(
        model="scripted",
        temperature=0,
        max_tokens=500,
        messages=[
            {"role": "system", "content": "Extract the fields of the schema from the document. What it does not say is null. " + schema["description"]},
            {"role": "user", "content": text},
        ],
        response_format={"type": "json_schema", "json_schema": {"name": "record", "strict": True, "schema": strict}},
    )
    try:
        return validator.is_valid(json.loads(answer.choices[0].message.content))
    except ValueError:
        return False


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


began, before = time.monotonic(), cpu()
with ThreadPoolExecutor(int(threads)) as pool:
    good = sum(pool.map(extract, texts))
print("%.3f %.3f %d" % (time.monotonic() - began, cpu() - before, good))
