"""Chat templates in the manner of the well-known families: the same constructs and marks, in words of our own."""

from __future__ import annotations

import json

from corpora.case import Case, benign, one_file

_TOOLS_JSON = "{%- for tool in tools %}{{- '\\n' + (tool | tojson(indent=4)) }}{%- endfor %}"
TEMPLATES = {
    "instruct-marks": (
        "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
        "{% set system_message = '<<SYS>>\\n' + messages[0]['content'] | trim + '\\n<</SYS>>\\n\\n' %}{% else %}"
        "{% set loop_messages = messages %}{% set system_message = '' %}{% endif %}{% for message in loop_messages %}"
        "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles have to take turns: user, "
        "assistant, user, and so on') }}{% endif %}{% if loop.index0 == 0 %}{% set content = system_message + message['content'] %}"
        "{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}"
        "{{ '[INST] ' + content | trim + ' [/INST]' }}{% else %}{{ ' ' + content | trim + ' ' + eos_token }}{% endif %}{% endfor %}"
    ),
    "header-marks-with-tools": (
        "{{- bos_token }}{%- if custom_tools is defined %}{%- set tools = custom_tools %}{%- endif %}"
        "{%- if not date_string is defined %}{%- if strftime_now is defined %}{%- set date_string = strftime_now('%d %b %Y') %}"
        "{%- else %}{%- set date_string = '26 Jul 2024' %}{%- endif %}{%- endif %}{%- if not tools is defined %}"
        "{%- set tools = none %}{%- endif %}{%- if messages[0]['role'] == 'system' %}"
        "{%- set system_message = messages[0]['content'] | trim %}{%- set messages = messages[1:] %}{%- else %}"
        "{%- set system_message = '' %}{%- endif %}{{- '<|start_header_id|>system<|end_header_id|>\\n\\n' }}"
        "{{- 'Knowledge ends: December 2023\\nToday is: ' + date_string + '\\n\\n' }}{%- if tools is not none %}"
        "{{- 'You may call these functions. Answer with one JSON object that holds the name and the parameters, and with "
        "nothing beside it.' }}" + _TOOLS_JSON + "{%- endif %}{{- system_message }}{{- '<|eot_id|>' }}"
        "{%- for message in messages %}{%- if 'tool_calls' in message %}{%- if not message.tool_calls | length == 1 %}"
        "{{- raise_exception('Only one call at a time!') }}{%- endif %}{%- set call = message.tool_calls[0].function %}"
        "{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n{\"name\": \"' + call.name + '\", \"parameters\": ' }}"
        "{{- call.arguments | tojson }}{{- '}<|eot_id|>' }}{%- elif message.role in ['tool', 'ipython'] %}"
        "{%- if message.content is mapping or message.content is iterable %}{{- message.content | tojson }}{%- else %}"
        "{{- message.content }}{%- endif %}{%- else %}{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + "
        "message['content'] | trim + '<|eot_id|>' }}{%- endif %}{%- endfor %}{%- if add_generation_prompt %}"
        "{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}"
    ),
    "thinking-and-tools": (
        "{%- if tools %}{{- '<|im_start|>system\\n' }}{%- if messages[0].role == 'system' %}{{- messages[0].content + '\\n\\n' }}"
        "{%- endif %}{{- '# Tools\\n\\nYou may use one or more of these functions to help with what the user asks.\\n<tools>' }}"
        "{%- for tool in tools %}{{- '\\n' }}{{- tool | tojson }}{%- endfor %}{{- '\\n</tools>\\n\\nFor each call answer with one JSON "
        "object within <tool_call></tool_call>:\\n{\"name\": <function-name>, \"arguments\": <args-json-object>}<|im_end|>\\n' }}"
        "{%- endif %}{%- set ns = namespace(multi_step_tool=true, last_query_index=messages | length - 1) %}"
        "{%- for message in messages[::-1] %}{%- set index = (messages | length - 1) - loop.index0 %}{%- if ns.multi_step_tool and "
        "message.role == 'user' and message.content is string and not(message.content.startswith('<tool_response>') and "
        "message.content.endswith('</tool_response>')) %}{%- set ns.multi_step_tool = false %}{%- set ns.last_query_index = index %}"
        "{%- endif %}{%- endfor %}{%- for message in messages %}{%- set content = message.content if message.content is string else '' %}"
        "{%- if message.role == 'assistant' %}{%- set reasoning = '' %}{%- if '</think>' in content %}"
        "{%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}"
        "{%- set content = content.split('</think>')[-1].lstrip('\\n') %}{%- endif %}{%- if loop.index0 > ns.last_query_index %}"
        "{{- '<|im_start|>assistant\\n<think>\\n' + reasoning.strip('\\n') + '\\n</think>\\n\\n' + content }}{%- else %}"
        "{{- '<|im_start|>assistant\\n' + content }}{%- endif %}{%- if message.tool_calls %}{%- for tool_call in message.tool_calls %}"
        "{%- if tool_call.function %}{%- set tool_call = tool_call.function %}{%- endif %}{{- '\\n<tool_call>\\n{\"name\": \"' }}"
        "{{- tool_call.name }}{{- '\", \"arguments\": ' }}{%- if tool_call.arguments is string %}{{- tool_call.arguments }}{%- else %}"
        "{{- tool_call.arguments | tojson }}{%- endif %}{{- '}\\n</tool_call>' }}{%- endfor %}{%- endif %}{{- '<|im_end|>\\n' }}"
        "{%- elif message.role == 'tool' %}{%- if loop.first or messages[loop.index0 - 1].role != 'tool' %}{{- '<|im_start|>user' }}"
        "{%- endif %}{{- '\\n<tool_response>\\n' + content + '\\n</tool_response>' }}{%- else %}"
        "{{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>\\n' }}{%- endif %}{%- endfor %}{%- if add_generation_prompt %}"
        "{{- '<|im_start|>assistant\\n' }}{%- if enable_thinking is defined and enable_thinking is false %}"
        "{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}"
    ),
    "turn-marks": (
        "{{ bos_token }}{%- if messages[0]['role'] == 'system' -%}{%- if messages[0]['content'] is string -%}"
        "{%- set first_user_prefix = messages[0]['content'] + '\\n\\n' -%}{%- else -%}"
        "{%- set first_user_prefix = messages[0]['content'][0]['text'] + '\\n\\n' -%}{%- endif -%}{%- set loop_messages = messages[1:] -%}"
        "{%- else -%}{%- set first_user_prefix = '' -%}{%- set loop_messages = messages -%}{%- endif -%}{%- for message in loop_messages -%}"
        "{%- if message['role'] == 'assistant' -%}{%- set role = 'model' -%}{%- else -%}{%- set role = message['role'] -%}{%- endif -%}"
        "{{ '<start_of_turn>' + role + '\\n' + (first_user_prefix if loop.first else '') }}{%- if message['content'] is string -%}"
        "{{ message['content'] | trim }}{%- elif message['content'] is iterable -%}{%- for item in message['content'] -%}"
        "{%- if item['type'] == 'image' -%}{{ '<start_of_image>' }}{%- elif item['type'] == 'text' -%}{{ item['text'] | trim }}"
        "{%- endif -%}{%- endfor -%}{%- else -%}{{ raise_exception('This kind of content is not known') }}{%- endif -%}"
        "{{ '<end_of_turn>\\n' }}{%- endfor -%}{%- if add_generation_prompt -%}{{ '<start_of_turn>model\\n' }}{%- endif -%}"
    ),
    "wide-marks": (
        "{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}"
        "{% set ns = namespace(is_first=false, is_tool=false, is_output_first=true, system_prompt='') %}{%- for message in messages %}"
        "{%- if message['role'] == 'system' %}{% set ns.system_prompt = message['content'] %}{%- endif %}{%- endfor %}{{ bos_token }}"
        "{{ ns.system_prompt }}{%- for message in messages %}{%- if message['role'] == 'user' %}{%- set ns.is_tool = false -%}"
        "{{ '<｜User｜>' + message['content'] }}{%- endif %}{%- if message['role'] == 'assistant' and message['content'] is not none %}"
        "{% set content = message['content'] %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}"
        "{{ '<｜Assistant｜>' + content + '<｜end▁of▁sentence｜>' }}{%- endif %}{%- endfor -%}{% if add_generation_prompt and not ns.is_tool %}"
        "{{ '<｜Assistant｜><think>\\n' }}{% endif %}"
    ),
    "typed-schemas": (
        "{%- macro json_to_type(spec) %}{%- set basic = {'string': 'str', 'number': 'float', 'integer': 'int', 'boolean': 'bool'} %}"
        "{%- if basic[spec.type] is defined %}{{- basic[spec.type] }}{%- elif spec.type == 'array' %}{{- 'list[' + json_to_type(spec['items']) "
        "+ ']' }}{%- elif spec.type is iterable and spec.type is not string %}{{- 'Union[' }}{%- for t in spec.type %}"
        "{{- json_to_type({'type': t}) }}{%- if not loop.last %}{{- ',' }}{%- endif %}{%- endfor %}{{- ']' }}{%- else %}{{- 'Any' }}"
        "{%- endif %}{%- endmacro %}{%- for tool in tools %}{%- if tool.function is defined %}{%- set tool = tool.function %}{%- endif %}"
        "{{- tool.name + '(' }}{%- for name, fields in tool.parameters.properties | items %}{{- name + ': ' + json_to_type(fields) }}"
        "{%- if not loop.last %}{{- ', ' }}{%- endif %}{%- endfor %}{{- ')\\n' }}{%- endfor %}{%- for message in messages %}"
        "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{%- endfor %}"
    ),
    "extra-keys": (
        "{%- macro extra(json_dict, handled) %}{%- if json_dict is mapping %}{%- for json_key in json_dict if json_key not in handled %}"
        "{%- if json_dict[json_key] is mapping %}{{- '\\n<' ~ json_key ~ '>' ~ (json_dict[json_key] | tojson | safe) ~ '</' ~ json_key ~ '>' }}"
        "{%- else %}{{- '\\n<' ~ json_key ~ '>' ~ (json_dict[json_key] | string) ~ '</' ~ json_key ~ '>' }}{%- endif %}{%- endfor %}"
        "{%- endif %}{%- endmacro %}{%- for tool in tools or [] %}{{- '<function>' ~ tool.name }}{{- extra(tool, ['name', 'type']) }}"
        "{{- '</function>' }}{%- endfor %}{%- for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    ),
    "harmony": (
        "{%- macro render_type(spec, required) -%}{%- if spec.type == 'array' -%}{{- render_type(spec['items'], required) + '[]' -}}"
        "{%- elif spec.type == 'object' -%}{{- '{' -}}{%- for name, inner in spec.properties.items() -%}{{- name }}: {{ render_type(inner, "
        "spec.required or []) }}{%- if not loop.last -%}, {%- endif -%}{%- endfor -%}{{- '}' -}}{%- else -%}{{- spec.type -}}{%- endif -%}"
        "{%- endmacro -%}{%- if reasoning_effort is not defined -%}{%- set reasoning_effort = 'medium' -%}{%- endif -%}"
        "{{- '<|start|>system<|message|>You are a model that helps. Today: ' + strftime_now('%Y-%m-%d') + '\\nReasoning: ' + reasoning_effort "
        "+ '\\n\\n# Channels: analysis, commentary, final. Every message has to name its channel.<|end|>' }}{%- for message in messages -%}"
        "{%- if message.role == 'assistant' -%}{%- if 'thinking' in message and message.content -%}{{- '<|start|>assistant<|channel|>analysis"
        "<|message|>' + message.thinking + '<|end|>' }}{%- endif -%}{%- if '<|channel|>' in message.content -%}{{- raise_exception('Put the "
        "content of the channels into the fields of the message, and pass no marks of channels in the text itself.') }}{%- endif -%}"
        "{{- '<|start|>assistant<|channel|>final<|message|>' + message.content + '<|return|>' }}{%- else -%}"
        "{{- '<|start|>' + message.role + '<|message|>' + message.content + '<|end|>' }}{%- endif -%}{%- endfor -%}"
    ),
    "default-prompt": (
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nYou are a careful "
        "assistant that a small team has trained. Answer in the language of the question, say when you do not know something, and keep "
        "to what was asked.<|im_end|>\\n' }}{% endif %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
    ),
    "documents": (
        "{%- if documents %}{{- '<|start_of_role|>documents<|end_of_role|>' }}{%- for document in documents %}{{- 'Document ' + "
        "loop.index | string + '\\n' + document['text'] }}{%- if not loop.last %}{{- '\\n\\n' }}{%- endif %}{%- endfor %}{%- endif %}"
        "{%- set last = (messages | selectattr('role', 'equalto', 'user') | list | last) %}{%- for message in messages %}"
        "{%- set role = {'tool': 'tool_response'}.get(message['role'], message['role']) %}{{- '<|start_of_role|>' + role + '<|end_of_role|>' "
        "+ message['content'] + '<|end_of_text|>\\n' }}{%- endfor %}"
    ),
}  # fmt: skip


def cases() -> list[Case]:
    """Each as a file and in a tokenizer's configuration."""
    found = []
    for name, text in TEMPLATES.items():
        configuration = json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": text})
        found += [
            benign(f"benign-template-{name}", f"a template: {name}",
                   one_file("chat_template.jinja", lambda _f, t=text: t.encode())),  # type: ignore[misc]
            benign(f"benign-template-{name}-configured", f"a configured template: {name}",
                   one_file("tokenizer_config.json", lambda _f, t=configuration: t.encode())),  # type: ignore[misc]
        ]  # fmt: skip
    return found
