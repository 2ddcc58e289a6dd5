"""Names of people, schools and organisations for the large invented world. Nobody is meant. As in England, they come
from many places, and some have accents, hyphens, spaces or either apostrophe."""

from random import Random

FIRST_NAMES, LAST_NAMES, PLACES, FEATURES = (
    words.split()
    for words in (
        """
    Aaliyah Abigail Adam Adebayo Agnieszka Aisha Alice Amara Amelia Amy Andrew Anita Anjali Anna Arjun Ava Ayesha Ben
    Bethany Callum Cerys Charlotte Chidi Chloe Christopher Claire Connor Daniel David Deepak Eleanor Elif Ella Emily
    Emma Esther Ewan Farah Fatima Femi Florence Fraser Freya George Grace Gurpreet Hamza Hannah Harpreet Harriet Harry
    Hassan Helen Holly Ibrahim Imran Isla Jack Jacob James Jamal Jasmine Jaspreet Jessica Joanna Joseph Joshua Karen
    Kasia Katie Khadija Kieran Kofi Laura Leah Liam Lucy Luke Maja Maria Mariam Mark Mehmet Mei Megan Michael Mohammed
    Molly Nadia Naomi Nathan Ngozi Niamh Nicola Nikhil Olivia Omar Owen Patrick Paul Peter Philippa Piotr Pooja Priya
    Rachel Rahul Rebecca Renée Rhys Robert Rosie Ruth Ryan Samira Samuel Sarah Seán Shanice Siân Simran Sophie Stephen
    Sunita Tariq Thomas Tolu Victoria Wei William Xin Yasmin Yusuf Zainab Zara Zoë
    """,
        """
    Abbott Adeyemi Ahmed Akhtar Ali Allen Anderson Bailey Baker Banerjee Barker Begum Bell Bennett Bhatt Boateng Booth
    Brown Carter Chan Chaudhry Chen Chowdhury Clark Cole Collins Cooper Cox Das Davies Demir Desai Dhillon D’Souza
    Dixon Edwards Ellis Evans Fernandes Fisher Foster Gill Graham Grant Gray Green Grewal Griffiths Hall Harris
    Harrison Hassan Henry Hill Holmes Hughes Hunt Hussain Ibrahim Iqbal Islam Jackson James Jenkins Jones Joshi Kaur
    Kelly Khan King Knight Kowalska Kumar Lam Lewis Li Lloyd Malik Marshall Mason Mensah Miah Mills Mitchell Mohamed
    Moore Morgan Morris Murphy Murray Musa Nguyen Nowak O’Brien O’Connor O’Neill O'Sullivan Okafor Okeke Osman Owen
    Owusu Palmer Parker Patel Pereira Phillips Powell Price Rahman Rashid Reid Richards Roberts Robinson Rogers
    Russell Saunders Scott Shah Sharma Shaw Simpson Singh Smith Stevens Stewart Taylor Thomas Thompson Turner Uddin
    Walker Walsh Ward Watson Webb White Wilson Wong Wood Wright Yilmaz Young Zaman
    """,
        """
    Alder Amber Ashby Barley Beacon Birch Blackthorn Bramble Briar Broad Buttercup Calder Castle Chantry Chapel Cherry
    Clover Copper Cotter Crossley Curlew Damson Eastfield Elder Elm Fallow Fern Foxley Garth Gorse Greystone Hallow
    Harbour Hawthorn Hazel Heron Hollins Holm Ivy Jubilee Juniper Kestrel Kiln Kirk Lapwing Larch Laurel Linden
    Longshaw Maple Marsh Meadow Merlin Millstone Mossley Nether Norton Oak Oldfield Orchard Otter Overton Pasture
    Pinder Plover Poplar Priory Quarry Raven Redshaw Ridge Rowan Rush Saffron Sandy Sedge Shepherd Skylark Sorrel
    Southfield Stanning Stoney Swallow Swift Sycamore Tanner Teasel Thistle Thorn Upper Verdan Wagtail Walnut Weaver
    Westfield Whin Willow Winter Woodley Wren Yarrow
    """,
        """
    Avenue Bank Bridge Brook Close Common Court Croft Cross Dale Drive Edge End Farm Field Fold Gardens Gate Grange
    Green Grove Hall Heath Hill House Lane Lodge Manor Mead Mill Moor Mount Park Rise Road Row Street Vale View Way
    """,
    )
)
KINDS = (
    "Primary School",
    "Community Primary School",
    "C of E Primary School",
    "Catholic Primary School",
    "Primary Academy",
    "Infant School",
    "Junior School",
    "School",
    "Community School",
    "High School",
    "Academy",
)
HUBS = [f"{place} Teaching School Hub" for place in PLACES[3::8]]
"""Delivery partners, and appropriate bodies too."""


def some_name(random: Random) -> tuple[str, str]:
    """A first name and a last name; one in twenty of those has two parts."""
    first_name, last_name = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    if random.random() < 0.05:
        last_name += random.choice("-- ") + random.choice(LAST_NAMES)
    return first_name, last_name


def school_name(number: int) -> str:
    """Another one for each number, as long as the words last, in no order that anybody would notice."""
    mixed, kind = divmod(number * 7919 % (len(PLACES) * len(FEATURES) * len(KINDS)), len(KINDS))
    place, feature = divmod(mixed, len(FEATURES))
    return f"{PLACES[place]} {FEATURES[feature]} {KINDS[kind]}"
